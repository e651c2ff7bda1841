"""School transport as frozen values: what a planner asks, and what a plan is.

people rights asked       pupils, what they are entitled to, what a family asks
documents                 what it gave before
schools stops lines       where they go, where they board, and by what else
demand problem plan day   what is to be planned, and plans
running rides             a day as it runs, and when a coach passes
indexing sheets           prices that follow indices; rows of files
"""
