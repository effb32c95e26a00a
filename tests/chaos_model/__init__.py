"""A model of what an exporter must have counted, and random operations to put it to the test.

  lines.py      events with a bit each, so that every scrape tells which of them were counted
  rules.py      the rule file by which they are counted, and what it must show for a set of them
  disk.py       files as generations: an operation is made on disk and in the model
  operations.py the operations: how one is chosen, and made
  witness.py    scrapes all the time, and checks what it sees against rules.py
  follower.py   the exporter's process: start, stop, kill, pause, full disk
  round.py      one round: operations against an exporter, and what must be counted at each rest

Nothing here knows offsets, identities, ids or commits of the program: lines are demanded because
they lie in files that can be read, or because they were seen counted and committed.
"""
