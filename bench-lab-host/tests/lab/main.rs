//! The laboratory: the real guest and host over the real boundary, guests that break a contract,
//! and hosts that do.

mod broken_guests;
mod broken_hosts;
mod real;
