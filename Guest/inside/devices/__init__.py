"""Devices to connect to, written from the public descriptions of their protocols.

Nothing here is taken from hubd: where one side misreads a description, the other one notices. Each
kind is a `Peripheral`; `devices.py` beside this folder plays a list of them.
"""
