//! What items that do not fit cost: growth strategies across size plans.
//!
//! [`matrix`] drains every cell (plan × strategy × first capacity × regrowing ×
//! shrinking) and keeps its exact counters; [`replay`] finds the same counters
//! for a recording without a guest. [`front`] marks what is dominated,
//! [`advice`] picks one and says why, [`retry`] puts a price on one retry,
//! [`section`] is all of it as a record has it ([`shards`] joins those of a run's
//! shards). [`paired`] is the one part that times anything.

pub mod advice;
pub mod front;
pub mod matrix;
pub mod paired;
pub mod replay;
pub mod retry;
pub mod section;
pub mod shards;
