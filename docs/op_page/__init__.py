"""What `docs/op_pages.py` is made of.

    cases.py        the nodes and the wrong uses of each op in the test cases
    names.py        which public functions build an op, under which names
    expression.py   expressions as trees, printed with `let` lines
    formula.py      from a graph of gradient ops to an expression
    gradients.py    an op's gradient, traced, in words and as formulas
    shapes.py       the table of shapes, by the op's own infer
    example.py      an example with its output
    entry.py        the Markdown of one op
"""
