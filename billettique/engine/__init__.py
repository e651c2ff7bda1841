"""Searches: the cheapest way to pay.

cheapest                 the search itself, for one or several journeys
compiled weighing        a tariff made ready for many questions; what is worth weighing
offers ways walk party   what one rider may hold, one way to pay, the search for one, riders together
credited                 what was paid already towards caps
explain                  the way found as lines a person can read
"""
