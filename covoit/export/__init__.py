"""What carpool hands out: values in, bytes or rows out.

statement certificate letters     a driver's statement, a certificate for an employer, the letter of a decision
accounts liquidation sepa         what finance reads, the papers of a batch, credit transfers
apdf                              the payment call of an operator
figures workbook                  months and lines for a spreadsheet; workbooks the same to the byte
gtfs lines_gtfs gbfs places map   the lines and their stops for programs
opendata                          what carpool offers for publication
"""
