//! How a host asks for a stream of the laboratory.

use serde::{Deserialize, Serialize};

use crate::spec::{Protocol, SessionConfig, SessionSpec, boundary_enum};

boundary_enum! {
    /// A way to hand over an item.
    Variant {
        /// The arena protocol; the guest encodes through a writer that knows the length of each
        /// copy.
        ArenaOwnWriter = 0 "arena-own-writer",
        /// The alloc protocol, with the same writer.
        AllocOwnWriter = 1 "alloc-own-writer",
        /// The arena protocol; the guest encodes at once, and computes the size only if the item
        /// does not fit.
        SinglePass = 2 "single-pass",
        /// The guest grows the host's buffer while it encodes; see [`grow`](super::grow).
        Grow = 3 "grow",
        /// The guest lends its own buffer until the next call; see [`lend`](super::lend).
        Lend = 4 "lend",
        /// The guest hands over a vector that grew from empty; see
        /// [`rust_buffer`](super::rust_buffer).
        RustBuffer = 5 "rust-buffer",
        /// The same, allocated in the item's size.
        RustBufferSized = 6 "rust-buffer-sized",
        /// Several items in one call; see [`batch`](super::batch).
        Batch = 7 "batch",
        /// `arena-own-writer` with the plugin's iterator compiled into `next`, in place of a
        /// box that is called for every item.
        Unboxed = 8 "unboxed",
    }
}

boundary_enum! {
    /// What encodes items in the guest and decodes them in the host. All write the same bytes.
    Codec {
        /// bincode 1.3.3, as the pair uses it.
        Bincode = 0 "bincode",
        /// wincode; see [`same_bytes`](crate::same_bytes).
        Wincode = 1 "wincode",
    }
}
boundary_enum! {
    /// Work without a guest: what a protocol cannot be faster than.
    Floor {
        /// The same items by the same codec, in process, through one buffer: each item is drawn,
        /// encoded once and decoded.
        Codec = 0 "floor",
        /// One copy of the item's bytes.
        Copy = 1 "copy",
    }
}

/// Asks a host for a session; [`LabConfig`] in the form that crosses the boundary.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct LabSpec<'a> {
    /// The session. Its protocol is ignored.
    pub session: SessionSpec<'a>,
    /// A [`Variant`].
    pub variant: u32,
    /// Largest number of items in a batch.
    pub batch: u32,
    /// A [`Codec`].
    pub codec: u32,
    /// Unused; 0.
    pub reserved: u32,
}

/// A session of the laboratory to open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabConfig {
    /// The stream, the host's buffer, and what the host does with the items. The protocol is
    /// ignored.
    pub session: SessionConfig,
    /// How items are handed over.
    pub variant: Variant,
    /// Largest number of items in a batch, 1 or more. Other variants ignore it.
    pub batch: u32,
    /// What encodes and decodes.
    pub codec: Codec,
}

impl LabConfig {
    /// The form that crosses the boundary.
    #[must_use]
    pub fn spec(&self) -> LabSpec<'_> {
        LabSpec {
            session: SessionSpec {
                protocol: Protocol::Arena as u32,
                ..self.session.spec()
            },
            variant: self.variant as u32,
            batch: self.batch,
            codec: self.codec as u32,
            reserved: 0,
        }
    }
}

impl LabSpec<'_> {
    /// The session that a spec asks for; `None` if one of its numbers has no meaning.
    ///
    /// # Safety
    /// As for [`SessionSpec::read`].
    #[must_use]
    pub unsafe fn read(&self) -> Option<LabConfig> {
        Some(LabConfig {
            // SAFETY: the caller keeps the same contract.
            session: unsafe { self.session.read()? },
            variant: Variant::from_number(self.variant)?,
            batch: self.batch,
            codec: Codec::from_number(self.codec)?,
        })
    }
}
