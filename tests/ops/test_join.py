"""What the graph knows about joined sizes."""

import flowgraph as fg


def test_a_size_of_unknown_rank_beside_a_number_leaves_the_number_known():
    batch = fg.placeholder(fg.int32)
    assert fg.zeros([batch, 5]).shape.as_list() == [None, 5]
    assert fg.tile(fg.ones([1, 4]), [batch, 1]).shape.as_list() == [None, 4]
    assert fg.reshape(fg.placeholder(fg.float32), [batch, 2, -1]).shape.as_list() == [None, 2, None]
