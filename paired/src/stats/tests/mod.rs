//! Tests of the statistics as a whole: properties of every interval, and error rates under
//! simulated noise.

mod properties;
mod simulation;
