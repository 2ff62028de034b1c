//! An executor and a clock that tests script: a machine whose speed drifts,
//! whose memory favours a file, whose layouts differ, and which takes no time.
