"""Runs: every change to a project, queued, worked on under a lease, journaled, and watched.

`service.Runs` is what the web and the command line call; `worker.Worker` does the work, here or in another process.
A run's whole state is its journal: a killed worker's run is claimed by another, and goes on after the last finished
step.
"""
