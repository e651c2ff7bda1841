"""The network as frozen values: feeds, what is found wrong in them, the compiled timetable, streets and places.

feed notices report                      a feed as read, what validation says, put together
timetable live today realtime tracking   compiled; being served; as it runs; what operators and drivers say
places addresses pathways streets        where people go, and how
shared parks modes                       shared bicycles, car parks, modes
disruptions scenarios                    what agents write, what planners try
"""
