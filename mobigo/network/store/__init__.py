"""What the network package keeps: feeds and their versions, sources, places, compiled networks.

feeds sources lossless                  feeds and versions, where they come from, their exact tables
networks compiled folders               the network in use, on disk
places addresses streets parks shared   what else it is made of
realtime hearing observed tracking      the day as it runs, and what is kept of it
disruptions scenarios                   what agents write, what planners try
"""
