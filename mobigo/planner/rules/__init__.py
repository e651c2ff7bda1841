"""The rules of the planner, as pure functions: what is worth showing, what it costs and emits, what can be promised.

choice presets dropped trace   which journeys are worth showing, in what order, why not the others
ways                           carpools and services that one books, against them
own shared parks               a vehicle of one's own, shared bicycles, car parks
fare_table payers              a tariff as the search reads it; who pays
emissions robust delays        what it emits, what it bears, whether a delay is certified
followed                       a journey as an address
assistance authorities         who helps, and who answers, where we cannot
compared points                what planners study
periods colours                on paper and on screens
"""
