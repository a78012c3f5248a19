//! What the page states as numbers is what the code computes.
