// Keeps the runs that this telephone has shown.
importScripts("/static/kept-pages.js");
keepPages("coach-runs-1", "/conduire/");
