//! The marketplace over HTTP: the JSON API, the pages and the ticketing program.
