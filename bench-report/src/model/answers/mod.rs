//! The six questions of the first page and what the record says to each.
//!
//! What goes against the arena comes first in every list. A question without
//! data says which command measures it.

mod anatomy;
mod command;
mod cost;
mod counts;
mod growth;
mod parts;
mod trust;

use super::index::Index;
use super::stories::Story;
use super::types::Answer;

/// The six answers, in order.
pub fn answers(index: &Index, stories: &[Story]) -> Vec<Answer> {
    vec![
        cost::arena_or_alloc(index, stories),
        anatomy::where_the_time_goes(index),
        counts::counts_per_item(index),
        growth::retries_and_growth(index),
        anatomy::distance_to_the_floor(index),
        trust::trust(index),
    ]
}
