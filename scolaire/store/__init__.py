"""The tables of school transport, and the queries over them.

pupils registrations reasons      pupils apart from names, what is asked and answered
documents                         what was given in proof, and is still kept
schools stops lines escorts       where they go and board, who goes with them
plans contracts indices figures   plans, prices, what the Region set
running coaches notices           a day as it runs
"""
