//! What can go wrong with a stream, as seen by its host.

use bench_protocol::error::PluginError;
use bench_protocol::status;

/// Why a stream could not be opened or gave no item.
///
/// The first six are the guest's breaches of the protocol that would cost the
/// host memory or time, if it did not look.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StreamError {
    /// `next` answered a number that has no meaning.
    #[error("the guest answered status {status}, which has no meaning")]
    UnknownStatus {
        /// The answer.
        status: i32,
    },
    /// `next` claims to have written more than there was room for.
    #[error("the guest claims {len} bytes in a buffer of {capacity}: memory may be damaged")]
    LengthAboveCapacity {
        /// Bytes it claims.
        len: u64,
        /// Bytes there were.
        capacity: u64,
    },
    /// Too small again, in a buffer as large as demanded.
    #[error(
        "the guest demanded {demanded} bytes, got a buffer of {capacity}, and called it too small again"
    )]
    TooSmallTwice {
        /// The second demand.
        demanded: u64,
        /// What the buffer had by then.
        capacity: u64,
    },
    /// Too small, though the buffer holds what is demanded.
    #[error("the guest called a buffer of {capacity} bytes too small for an item of {demanded}")]
    DemandWithinCapacity {
        /// The demand.
        demanded: u64,
        /// What the buffer had.
        capacity: u64,
    },
    /// An item larger than the host allows.
    #[error(
        "the guest demanded a buffer of {demanded} bytes; the limit is {limit} (raise it with --memory-limit)"
    )]
    AboveLimit {
        /// The demand.
        demanded: u64,
        /// The limit of the session or of its growth strategy.
        limit: u64,
    },
    /// More items than the stream was opened for.
    #[error("the guest streams on after the {allowed} items it was asked for")]
    TooManyItems {
        /// Items asked for.
        allowed: u64,
    },
    /// A growth strategy that does not grow enough: a bug of the strategy's.
    #[error("the growth strategy chose {chosen} bytes where {demanded} were demanded")]
    GrowthBelowDemand {
        /// What it chose.
        chosen: u64,
        /// What was demanded.
        demanded: u64,
    },
    /// The guest opened a stream without a handle.
    #[error("the guest gave out a null or misaligned handle")]
    NullHandle,
    /// A handle without one of its functions.
    #[error("the guest gave out a handle whose `{function}` is null")]
    NullFunction {
        /// `next` or `drop_fn`.
        function: &'static str,
    },
    /// OK with a length but no buffer.
    #[error("the guest gave out a null buffer for an item of {len} bytes")]
    NullItem {
        /// Bytes it claims.
        len: u64,
    },
    /// Bytes that are no item.
    #[error("item {item} does not decode: {message}")]
    Decode {
        /// Its place in the stream, counted from 0.
        item: u64,
        /// What the decoder says.
        message: String,
    },
    /// A decoded item whose encoding is another one.
    #[error("item {item} does not survive decoding: encoded again, its bytes differ")]
    DecodeDiffers {
        /// Its place in the stream, counted from 0.
        item: u64,
    },
    /// The producer ended the stream with an error.
    #[error("the plugin's producer failed: {0}")]
    Plugin(PluginError),
    /// `PLUGIN_ERROR` without a readable error behind it.
    #[error("the plugin's producer failed, and its error does not decode")]
    MalformedPluginError,
    /// A panic was caught in the guest.
    #[error("the guest panicked")]
    GuestPanic,
    /// The guest could not encode an item.
    #[error("the guest could not encode an item")]
    Serialization,
    /// A panic was caught in the host.
    #[error("the host panicked while it drained the stream")]
    HostPanic,
    /// The guest refused to open the stream.
    #[error("the guest did not open the stream: {}", describe(*status))]
    OpenFailed {
        /// Its answer.
        status: i32,
    },
    /// A spec with a number of no meaning.
    #[error("the session's spec has a number of no meaning: host and caller disagree about it")]
    InvalidSpec,
    /// Raw values between libraries of two compilers.
    #[error(
        "guest and host come of different compilers, so no raw value may cross between them; build both with one"
    )]
    OtherCompiler,
    /// A size that no buffer of this host may have.
    #[error("a first buffer of {capacity} bytes is above the limit of {limit}")]
    InitialAboveLimit {
        /// The first buffer's capacity.
        capacity: u64,
        /// The limit of the session.
        limit: u64,
    },
}

/// A status in words.
fn describe(status: i32) -> String {
    status::name(status).map_or_else(|| format!("status {status}"), str::to_owned)
}

/// The error behind a status that is neither an item, nor a demand, nor an end.
#[must_use]
pub fn of_status(status: i32) -> StreamError {
    match status {
        status::PANIC => StreamError::GuestPanic,
        status::SERIALIZATION_ERROR => StreamError::Serialization,
        status => StreamError::UnknownStatus { status },
    }
}
