//! The statistics behind every interval and every verdict.
