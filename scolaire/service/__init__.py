"""School transport, one function per use case.

registering judging deciding family                 a registration, from the family's side
documents earlier                                   what is given in proof, once
access joining homes passes personal                whose file it is, and what is held of one person
desk importing reference contracts stop_rules       what agents keep
demands plans optimising editing figures indexing   plans, searched and drawn by hand
papers letters announcing published publication     what a plan sends and publishes
running counting doubling substituting escorting    a day as it runs
no_coach which_coach timesheet lines reminding      coaches as families meet them
telling notices                                     what families are told
"""
