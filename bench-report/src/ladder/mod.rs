//! Where the time of an item goes: the record's ladder as a sentence, as tables and as
//! shares of a whole. Computes nothing but sums and shares.

mod sentence;
mod shares;
mod table;

pub use sentence::sentence;
pub use shares::{Share, boundary, copies, in_shares, shares};
pub(crate) use shares::{difference, ns, step};
pub use table::{a_a_of_all, document, payload};
