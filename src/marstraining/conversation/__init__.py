"""The dialogue behind "Ask about training": one engine for every channel, which keeps where somebody is and never what they wrote."""
