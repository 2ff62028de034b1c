//! The workbench from outside: its verbs, its scripts and its pages as their users meet them,
//! and the real pair. One target, so that the workbench is linked into one executable.

mod bases;
mod benches;
mod bisect;
mod channels;
mod compare;
mod counts;
mod export;
mod faults;
mod gate;
mod growth;
mod guest;
mod history;
mod hostile;
mod lab;
mod ladder;
mod merge;
mod noise;
mod package;
mod page;
mod pairs;
mod report;
mod run;
mod scratch;
#[cfg(unix)]
mod scripts;
