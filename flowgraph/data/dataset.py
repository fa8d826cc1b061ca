"""`tf.data.Dataset`: a pipeline as the graph knows it, a variant tensor and what its elements are.

Each method adds one dataset op to the graph, of TensorFlow's op type, and describes its elements;
nothing runs before an iterator is started. What happens then: `pipeline.py`.
"""

from __future__ import annotations

from typing import Any

from flowgraph.core import dtypes as dt
from flowgraph.core.frames import located
from flowgraph.core.shapes import TensorShape
from flowgraph.data import iterator as iterators
from flowgraph.data import structure
from flowgraph.data.building import (
    built,
    convert_scalar,
    data_seeds,
    function_spec_of_datasets,
    padded,
    seed_tensors,
    state_function,
)
from flowgraph.data.described import Described
from flowgraph.data.function import DataFunction
from flowgraph.data.function_ops import (
    FilterDataset,
    FlatMapDataset,
    InterleaveDataset,
    MapDataset,
    ParallelInterleaveDatasetV2,
    ParallelMapDataset,
    ReduceDataset,
)
from flowgraph.data.generator import Origin
from flowgraph.data.iterator import flat
from flowgraph.data.options import Options, merged
from flowgraph.data.selection_ops import (
    BatchDatasetV2,
    CacheDataset,
    PaddedBatchDatasetV2,
    PrefetchDataset,
    RepeatDataset,
    ShardDataset,
    ShuffleDataset,
    SkipDataset,
    TakeDataset,
    UnbatchDataset,
    WindowDataset,
)
from flowgraph.data.source_ops import (
    ConcatenateDataset,
    GeneratorDataset,
    RangeDataset,
    SparseTensorSliceDataset,
    TensorDataset,
    TensorSliceDataset,
    ZipDataset,
)
from flowgraph.graph.graph import name_scope
from flowgraph.graph.tensor import Tensor
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.opdef.static_value import known_value
from flowgraph.ops.sparse_tensor import SparseTensor
from flowgraph.ops.type_spec import SparseTensorSpec, TensorSpec

AUTOTUNE = -1


def _shown(shapes: Any) -> Any:
    return str(shapes) if isinstance(shapes, TensorShape) else shapes


class Dataset(Described):
    """Elements one after the other, each a tensor or a structure of tensors: an input pipeline.

    Datasets are made from arrays, files or generators and transformed step by step; an iterator
    brings the elements into the graph.

    Example:
        >>> import flowgraph as tf
        >>> dataset = tf.data.Dataset.from_tensor_slices(([1., 2., 3.], ["a", "b", "c"]))
        >>> dataset = dataset.map(lambda x, name: (x * 10, name)).batch(2)
        >>> numbers, names = dataset.make_one_shot_iterator().get_next()
        >>> sess = tf.Session()
        >>> sess.run([numbers, names])
        [array([10., 20.], dtype=float32), array([b'a', b'b'], dtype=object)]
        >>> sess.run(numbers)
        array([30.], dtype=float32)
    """

    _variant_tensor: Tensor
    _options: Options | None = None

    @staticmethod
    def _of(variant: Tensor, spec: Any, *inputs: Any) -> Dataset:
        """A dataset of this variant tensor, with the options of its input datasets."""
        made = Dataset.__new__(Dataset)
        made._start(variant, spec, *inputs)
        return made

    def _start(self, variant: Tensor, spec: Any, *inputs: Any) -> None:
        self._variant_tensor = variant
        self._element_spec = spec
        given = [one._options for one in inputs if one._options is not None]
        self._options = merged(given) if given else None

    @property
    def _type_spec(self) -> structure.DatasetSpec:
        return structure.DatasetSpec(self._element_spec)

    def __iter__(self) -> Any:
        raise RuntimeError(located("__iter__() is only supported inside of tf.function or when "
                                   "eager execution is enabled.",
                                   "Make an iterator, call its get_next() once and run the tensors "
                                   "in a loop."))

    def __repr__(self) -> str:
        return (f"<{type(self).__name__} shapes: {_shown(self.output_shapes)}, types: "
                f"{self.output_types!r}>")

    def make_one_shot_iterator(self) -> iterators.Iterator:
        """An iterator that starts by itself, when its first element is asked for.

        Raises:
            ValueError: the dataset depends on a placeholder, a variable or a table.
        """
        return iterators.one_shot(self)

    def make_initializable_iterator(self, shared_name: str | None = None) -> iterators.Iterator:
        """An iterator that starts, or starts anew, when its `initializer` is run.

        Args:
            shared_name: iterators of one shared_name are one.
        """
        return iterators.initializable(self, shared_name)

    # ---- sources ---------------------------------------------------------------------------------

    @staticmethod
    def from_tensors(tensors: Any) -> Dataset:
        """One element.

        Args:
            tensors: the element: a tensor or a structure of tensors.
        """
        element = structure.normalized(tensors)
        spec = structure.spec_of(element)
        _, shapes = flat(spec)
        return Dataset._of(TensorDataset.build(structure.to_components(spec, element),
                                               output_shapes=shapes), spec)

    @staticmethod
    def from_tensor_slices(tensors: Any) -> Dataset:
        """The rows of tensors: slices along the first axis.

        Args:
            tensors: a tensor or a structure of tensors, all with as many rows.

        Raises:
            ValueError: a tensor is a scalar, or they have not as many rows.
        """
        element = structure.normalized(tensors)
        batched = structure.spec_of(element)
        if not structure.flatten(element):
            raise ValueError(located("from_tensor_slices needs one tensor or more"))
        spec = structure.unbatched(batched)
        components = structure.to_batched_components(batched, element)
        structure.static_rows(components)
        _, shapes = flat(spec)
        return Dataset._of(TensorSliceDataset.build(components, output_shapes=shapes), spec)

    @staticmethod
    def from_sparse_tensor_slices(sparse_tensor: Any) -> Dataset:
        """The rows of a SparseTensor, each as (indices, values, dense_shape).

        Args:
            sparse_tensor: the SparseTensor.
        """
        if not isinstance(sparse_tensor, SparseTensor):
            raise TypeError(located("`sparse_tensor` must be a `tf.SparseTensor` object. Was "
                                    f"{sparse_tensor!r:.100}."))
        rank = sparse_tensor.shape.ndims
        rest = None if rank is None else rank - 1
        spec = (TensorSpec([None, rest], dt.int64), TensorSpec([None], sparse_tensor.dtype),
                TensorSpec([rest], dt.int64))
        return Dataset._of(SparseTensorSliceDataset.build(
            sparse_tensor.indices, sparse_tensor.values, sparse_tensor.dense_shape), spec)

    @staticmethod
    def from_generator(generator: Any, output_types: Any, output_shapes: Any = None,
                       args: Any = None) -> Dataset:
        """What a Python generator yields.

        Args:
            generator: a callable that returns an iterable; called anew for each repetition.
            output_types: structure of the dtypes of an element.
            output_shapes: structure of the static shapes; default unknown ones.
            args: tensors whose values the callable is given as arguments.

        Raises:
            TypeError: `generator` is not callable.
        """
        if not callable(generator):
            raise TypeError(located("`generator` must be callable.",
                                    "Pass the function, not what it returns."))
        spec = structure.from_legacy(output_types, output_shapes)
        types, shapes = flat(spec)
        origin = Origin(structure.output_types(spec))
        given = [] if args is None else [convert_to_tensor(arg) for arg in args]
        variant = GeneratorDataset.build(given, generator=generator, output_types=types,
                                         output_shapes=shapes, origin=origin)
        origin.op = variant.op
        return Dataset._of(variant, spec)

    @staticmethod
    def range(*args: Any) -> Dataset:
        """int64 scalars, as Python's range.

        Args:
            *args: stop; or start and stop; or start, stop and step.

        Raises:
            ValueError: there are fewer or more arguments.
        """
        if not 1 <= len(args) <= 3:
            raise ValueError(located(f"Invalid arguments to RangeDataset: {args}",
                                     "It takes (stop), (start, stop) or (start, stop, step)."))
        start, stop, step = (0, args[0], 1) if len(args) == 1 else (*args, 1)[:3]
        spec = TensorSpec([], dt.int64)
        types, shapes = flat(spec)
        return Dataset._of(RangeDataset.build(
            *(convert_scalar(n, dt.int64, name) for n, name in
              ((start, "start"), (stop, "stop"), (step, "step"))),
            output_types=types, output_shapes=shapes), spec)

    @staticmethod
    def zip(datasets: Any) -> Dataset:
        """One element of each of several datasets, put together.

        Args:
            datasets: structure of datasets; the elements have this structure.

        Raises:
            TypeError: something in it is no dataset.
        """
        leaves = structure.flatten(datasets)
        if not all(isinstance(one, Dataset) for one in leaves):
            lists = any(isinstance(one, list) for one in leaves)
            raise TypeError(located(
                "The argument to `Dataset.zip()` must be a nested structure of `Dataset` objects.",
                "Nested structures do not support Python lists; please use a tuple instead."
                if lists else ""))
        spec = structure.pack(datasets, [one.element_spec for one in leaves])
        types, shapes = flat(spec)
        variant = ZipDataset.build([one._variant_tensor for one in leaves], output_types=types,
                                   output_shapes=shapes)
        return Dataset._of(variant, spec, *leaves)

    @staticmethod
    def list_files(file_pattern: Any, shuffle: bool | None = None,
                   seed: Any = None) -> Dataset:
        """The names of the files that fit patterns.

        Args:
            file_pattern: a pattern, or several, as "data/*.txt".
            shuffle: whether they come in random order; default True.
            seed: of the random order.
        """
        from flowgraph.data.readers import list_files
        return list_files(file_pattern, shuffle, seed)

    # ---- choosing and ordering -------------------------------------------------------------------

    def _same(self, op: Any, *inputs: Any, **attrs: Any) -> Dataset:
        """A dataset of the same elements' structure."""
        return built(self, op, self._element_spec, *inputs, **attrs)

    def concatenate(self, dataset: Dataset) -> Dataset:
        """These elements, then those of another dataset.

        Args:
            dataset: the other dataset, with elements of the same structure and dtypes.

        Raises:
            TypeError: its elements have other dtypes or classes.
        """
        for what, of in (("types", structure.output_types), ("classes", structure.output_classes)):
            mine, its = of(self._element_spec), of(dataset.element_spec)
            if mine != its:
                raise TypeError(located(f"Two datasets to concatenate have different {what} "
                                        f"{mine} and {its}"))
        spec = structure.widened(self._element_spec, dataset.element_spec)
        types, shapes = flat(spec)
        return Dataset._of(ConcatenateDataset.build(
            self._variant_tensor, dataset._variant_tensor, output_types=types,
            output_shapes=shapes), spec, self, dataset)

    def repeat(self, count: Any = None) -> Dataset:
        """The elements again and again.

        Args:
            count: how often; without end if None or -1.
        """
        return self._same(RepeatDataset, convert_scalar(-1 if count is None else count, dt.int64,
                                                        "count"))

    def take(self, count: Any) -> Dataset:
        """The first elements.

        Args:
            count: how many; all of them if -1.
        """
        return self._same(TakeDataset, convert_scalar(count, dt.int64, "count"))

    def skip(self, count: Any) -> Dataset:
        """All but the first elements.

        Args:
            count: how many to leave out; all of them if -1.
        """
        return self._same(SkipDataset, convert_scalar(count, dt.int64, "count"))

    def shard(self, num_shards: Any, index: Any) -> Dataset:
        """Every n-th element: a part of the dataset for one of several programs.

        Args:
            num_shards: how many parts there are.
            index: which of them this is, from 0 on.
        """
        return self._same(ShardDataset, convert_scalar(num_shards, dt.int64, "num_shards"),
                          convert_scalar(index, dt.int64, "index"))

    def shuffle(self, buffer_size: Any, seed: Any = None,
                reshuffle_each_iteration: bool | None = None) -> Dataset:
        """The elements in random order: each is drawn from a buffer, which is filled up again.

        Args:
            buffer_size: elements in the buffer; as large as the dataset for a uniform order.
            seed: of the random order; the same seed gives the order that TensorFlow gives.
            reshuffle_each_iteration: whether each repetition has another order; default True.
        """
        size = convert_scalar(buffer_size, dt.int64, "buffer_size")
        seeds = seed_tensors(data_seeds(seed, "ShuffleDataset"))
        again = True if reshuffle_each_iteration is None else bool(reshuffle_each_iteration)
        return self._same(ShuffleDataset, size, *seeds, reshuffle_each_iteration=again)

    def prefetch(self, buffer_size: Any) -> Dataset:
        """The elements, made ahead in a thread while others are used.

        Args:
            buffer_size: how many to make ahead; AUTOTUNE (-1) or None for a number of its choice.
        """
        size = -1 if buffer_size is None else buffer_size
        return self._same(PrefetchDataset, convert_scalar(size, dt.int64, "buffer_size"))

    def cache(self, filename: Any = "") -> Dataset:
        """The elements, kept after the first time.

        Args:
            filename: file to keep them in, for this and later programs; "" for memory.
        """
        return self._same(CacheDataset, convert_to_tensor(filename, dt.string, name="filename"))

    # ---- grouping --------------------------------------------------------------------------------

    def batch(self, batch_size: Any, drop_remainder: Any = False) -> Dataset:
        """Consecutive elements stacked along a new first axis.

        Args:
            batch_size: how many.
            drop_remainder: whether the last batch is left out when it has fewer.
        """
        size = convert_scalar(batch_size, dt.int64, "batch_size")
        drop = convert_scalar(drop_remainder, dt.bool_, "drop_remainder")
        known = known_value(size) if known_value(drop) else None
        return built(self, BatchDatasetV2, structure.batched(self._element_spec, known), size,
                     drop)

    def padded_batch(self, batch_size: Any, padded_shapes: Any, padding_values: Any = None,
                     drop_remainder: Any = False) -> Dataset:
        """Consecutive elements, padded to one shape and stacked.

        Args:
            batch_size: how many.
            padded_shapes: structure of shapes; None or -1 stands for the largest size in a batch.
            padding_values: structure of scalars; default 0 and "".
            drop_remainder: whether the last batch is left out when it has fewer.

        Raises:
            TypeError: a part of an element is a SparseTensor, or a padding value has another dtype.
            ValueError: a shape is smaller than the elements.
        """
        if any(isinstance(spec, SparseTensorSpec)
               for spec in structure.flatten(self._element_spec)):
            raise TypeError(located("Batching of padded sparse tensors is not currently supported"))
        size = convert_scalar(batch_size, dt.int64, "batch_size")
        shapes, values, static = padded(self._element_spec, padded_shapes, padding_values)
        drop = convert_scalar(drop_remainder, dt.bool_, "drop_remainder")
        lead = TensorShape([known_value(size) if known_value(drop) else None])
        spec = structure.pack(self._element_spec, [
            TensorSpec(lead.concatenate(shape), leaf.dtype) for shape, leaf in
            zip(static, structure.flatten(self._element_spec), strict=True)])
        _, flat_shapes = flat(spec)
        variant = PaddedBatchDatasetV2.build(self._variant_tensor, size, shapes, values, drop,
                                             output_shapes=flat_shapes)
        return Dataset._of(variant, spec, self)

    def window(self, size: Any, shift: Any = None, stride: Any = 1,
               drop_remainder: Any = False) -> Dataset:
        """Datasets of consecutive elements, one for each part of an element.

        Args:
            size: elements in a window.
            shift: how far after the last one a window starts; default `size`.
            stride: how far apart the elements of a window lie.
            drop_remainder: whether windows with fewer elements are left out.
        """
        spec = structure.map_leaves(structure.DatasetSpec, self._element_spec)
        return built(self, WindowDataset, spec, convert_scalar(size, dt.int64, "size"),
                     convert_scalar(size if shift is None else shift, dt.int64, "shift"),
                     convert_scalar(stride, dt.int64, "stride"),
                     convert_scalar(drop_remainder, dt.bool_, "drop_remainder"))

    def unbatch(self) -> Dataset:
        """The rows of elements as elements: the opposite of `batch`."""
        spec = structure.unbatched(self._element_spec)
        structure.same_rows([leaf.shape for leaf in structure.flatten(self._element_spec)
                             if hasattr(leaf, "shape")])
        has_sparse = any(isinstance(leaf, SparseTensorSpec) for leaf in structure.flatten(spec))
        return built(self._with_rows() if has_sparse else self, UnbatchDataset, spec)

    def _with_rows(self) -> Dataset:
        """The elements with their SparseTensors as boxes of rows."""
        def rows(*parts: Any) -> Any:
            element = structure.pack(self._element_spec, structure.flatten(parts))
            return tuple(structure.to_batched_components(self._element_spec, element))
        return self.map(rows)

    # ---- functions -------------------------------------------------------------------------------

    def apply(self, transformation_func: Any) -> Any:
        """What a function makes of this dataset.

        Args:
            transformation_func: function from a dataset to a dataset.

        Raises:
            TypeError: it returns something else.
        """
        made = transformation_func(self)
        if not isinstance(made, Dataset):
            raise TypeError(located("`transformation_func` must return a Dataset. Got "
                                    f"{made!r:.100}."))
        return made

    def map(self, map_func: Any, num_parallel_calls: Any = None) -> Dataset:
        """What a function makes of each element.

        Args:
            map_func: takes the parts of an element (of a tuple, as arguments of their own) and
                returns a tensor or a structure of tensors.
            num_parallel_calls: how many elements at a time; AUTOTUNE (-1) for a number of its
                choice, None for one after the other. The order stays.
        """
        function = DataFunction(map_func, "Dataset.map()", self._element_spec)
        if num_parallel_calls is None:
            return built(self, MapDataset, function.spec, function.captured, function=function,
                         f=function.graph)
        with name_scope(None):
            calls = convert_scalar(num_parallel_calls, dt.int32, "num_parallel_calls")
        return built(self, ParallelMapDataset, function.spec, function.captured, calls,
                     function=function, f=function.graph)

    def map_with_legacy_function(self, map_func: Any, num_parallel_calls: Any = None) -> Dataset:
        """The same as `map`.

        Args:
            map_func: as of `map`.
            num_parallel_calls: as of `map`.
        """
        return self.map(map_func, num_parallel_calls)

    def filter(self, predicate: Any) -> Dataset:
        """The elements for which a function gives true.

        Args:
            predicate: takes the parts of an element and returns a bool scalar.

        Raises:
            ValueError: it returns something else.
        """
        function = DataFunction(predicate, "Dataset.filter()", self._element_spec)
        if function.is_scalar is not dt.bool_:
            raise ValueError(located("`predicate` return type must be convertible to a scalar "
                                     f"boolean tensor. Was {function.spec}."))
        return built(self, FilterDataset, self._element_spec, function.captured,
                     function=function, predicate=function.graph)

    def filter_with_legacy_function(self, predicate: Any) -> Dataset:
        """The same as `filter`.

        Args:
            predicate: as of `filter`.
        """
        return self.filter(predicate)

    def flat_map(self, map_func: Any) -> Dataset:
        """The elements of the datasets that a function makes, one dataset after the other.

        Args:
            map_func: takes the parts of an element and returns a dataset.

        Raises:
            TypeError: it returns something else.
        """
        function = DataFunction(map_func, "Dataset.flat_map()", self._element_spec)
        spec = function_spec_of_datasets(function)
        return built(self, FlatMapDataset, spec, function.captured, function=function,
                     f=function.graph)

    def interleave(self, map_func: Any, cycle_length: Any = AUTOTUNE, block_length: Any = 1,
                   num_parallel_calls: Any = None) -> Dataset:
        """The elements of the datasets that a function makes, several datasets in turn.

        Args:
            map_func: takes the parts of an element and returns a dataset.
            cycle_length: how many datasets take turns; AUTOTUNE (-1) for a number of its choice.
            block_length: how many elements one gives before it is the next one's turn.
            num_parallel_calls: not None for reading them ahead in threads. The order stays.

        Raises:
            TypeError: `map_func` returns something else.
        """
        function = DataFunction(map_func, "Dataset.interleave()", self._element_spec)
        spec = function_spec_of_datasets(function)
        cycle = convert_scalar(cycle_length, dt.int64, "cycle_length")
        block = convert_scalar(block_length, dt.int64, "block_length")
        if num_parallel_calls is None:
            return built(self, InterleaveDataset, spec, function.captured, cycle, block,
                         function=function, f=function.graph)
        calls = convert_scalar(num_parallel_calls, dt.int64, "num_parallel_calls")
        return built(self, ParallelInterleaveDatasetV2, spec, function.captured, cycle, block,
                     calls, function=function, f=function.graph)

    def enumerate(self, start: Any = 0) -> Dataset:
        """Pairs of a number and an element.

        Args:
            start: the first number.
        """
        return Dataset.zip((Dataset.range(start, 2 ** 63 - 1), self))

    def reduce(self, initial_state: Any, reduce_func: Any) -> Any:
        """Tensors of what is left when a function has put all elements together.

        Args:
            initial_state: the first state: a tensor or a structure of tensors.
            reduce_func: takes the state and an element and returns the next state.

        Returns:
            The last state. A run that needs it goes through the whole dataset.

        Raises:
            TypeError: the function returns a state of other dtypes or classes.
        """
        with name_scope("initial_state"):
            state = structure.normalized(initial_state)
        function, spec = state_function(reduce_func, "reduce()", structure.spec_of(state),
                                        self._element_spec)
        types, shapes = flat(spec)
        with self._variant_tensor.graph.control_dependencies(function.graph.outer_controls):
            tensors = ReduceDataset.build(
                self._variant_tensor, [*structure.to_components(spec, state), *function.captured],
                f=function.graph, output_types=types, output_shapes=shapes)
        return structure.from_components(spec, tensors)

    # ---- options ---------------------------------------------------------------------------------

    def options(self) -> Options:
        """The options of this dataset and of those that it is made from."""
        return self._options or Options()

    def with_options(self, options: Options) -> Dataset:
        """The same dataset with options.

        Args:
            options: a tf.data.Options; merged with those that are set.

        Raises:
            ValueError: an option is set to two values.
        """
        if not isinstance(options, Options):
            raise TypeError(located(f"options must be a tf.data.Options, not {options!r:.100}"))
        made = Dataset._of(self._variant_tensor, self._element_spec)
        made._options = merged([self.options(), options])
        return made
