"""The pure rules of school transport. The checker stands here and knows no solver.

rights asking deciding documents importing measuring   a registration, from the form to the decision
checker day stops demand                               is it what it claims? the checkers
halves driving walking                                 a day to its half-days, and what travel takes
costs kpi compare frontier indexing                    what plans cost, side by side
locks stop_rules                                       what a hand fixed
crews days lines doubling running                      a week of coaches and drivers; days as they run
"""
