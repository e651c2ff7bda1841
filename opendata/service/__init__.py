"""The use cases of publication, one function each.

publishing showing changes notices   what is offered, shown, changed and announced
gated schools governance             tables about people, circuits; what two persons decide
checking comparing                   files that somebody brings
following listening measuring        who is told; what is told live; whether it can be read
"""
