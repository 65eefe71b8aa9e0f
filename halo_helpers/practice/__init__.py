"""The practice tenant: a local imitation of HaloPSA, its API, authorisation server and screens.

It imports nothing else of the package, so that it cannot share the client's mistakes. It serves
loopback only, accepts only credentials that it issued, and says "practice" in everything it answers.

Parts, from the ground up: `settings` (what the sources leave open), `seed` (records made from a seed),
`world` (the state: one world a tenant), `scenarios` (worlds with one thing wrong) and `make_worlds`,
`wire` (requests and answers), `api` (what programs are answered), `screens` (what a browser sees),
`ready` and `control_routes` (the server about itself), `app` (puts all behind one door), `serve` (the
process), `control` (starts, finds and asks a server).
"""
