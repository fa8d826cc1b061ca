"""`tf.nn.rnn_cell`: one time step of a recurrent network, as layers."""

from flowgraph.core.lazy import lazy as _lazy
from flowgraph.nn.rnn_cell.base import RNNCell
from flowgraph.nn.rnn_cell.basic import BasicRNNCell, GRUCell
from flowgraph.nn.rnn_cell.lstm import BasicLSTMCell, LSTMCell, LSTMStateTuple
from flowgraph.nn.rnn_cell.stacked import MultiRNNCell
from flowgraph.nn.rnn_cell.wrappers import DeviceWrapper, DropoutWrapper, ResidualWrapper

__getattr__ = _lazy("tf.nn.rnn_cell", globals())
