"""The buyer’s pages: what is on sale, the basket, paying, the order. Neither an account nor scripts are needed."""

from billettique.web.selling import basket, buy, checkout, order, passes  # noqa: F401 - each puts its views on the blueprint
