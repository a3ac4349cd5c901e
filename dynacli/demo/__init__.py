"""The stand-in of Armature's REST API: real HTTP on a real socket, on this machine only."""
