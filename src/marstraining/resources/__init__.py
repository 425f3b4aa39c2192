"""The resource library: briefings, Spotlights, toolkits, files and links, their versions, reviews and checks."""
