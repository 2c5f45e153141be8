"""The journey as something one looks at: pure functions from dated facts to shapes with a place.

`facts` what there is to draw · `periods` the window of time and its scale · `drawing` the shapes ·
`draw` from the ones to the others · `strip` the last six months in one path, for lists.
"""
