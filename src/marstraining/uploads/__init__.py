"""Files that people send in: looked at by a virus scanner before anybody gets or reads them."""
