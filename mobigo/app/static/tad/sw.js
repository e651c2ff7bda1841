// Keeps the rounds that this telephone has shown; not for long, a round holds names and telephones.
importScripts("/static/kept-pages.js");
keepPages("tad-rounds-1", "/tad/tournees/");
