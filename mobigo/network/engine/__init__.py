"""The compiler of the network, feed tables in, flat arrays out, and the pure readers of those arrays.

columns calendars visits                               a feed's strings to numbers, its days, its calls checked
runs patterns stops bounds                             what vehicles drive, in patterns; stops in order; bounds
transfers insides pathways stationwalks stationsteps   changes, and the insides of stations
feedpart compile                                       one feed on its way; all of it, in order
edited coming                                          feeds as a scenario leaves them; the period to come
realtime                                               the day as it runs, laid over
boards lines                                           readers: what leaves a stop, a line on a day
places placenames placegroups vocabulary addressing    places and addresses by name
streets                                                the graph of the streets, and searches on it
"""
