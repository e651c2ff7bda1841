"""Pure rules of the planner's faces: colours that can be read."""
