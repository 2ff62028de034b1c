//! A Unix socket pair: a producer process writes frames, a 32-bit little-endian
//! length before each item's bytes; the consumer decodes owned values.

use std::io::{BufReader, BufWriter, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, ExitCode, Stdio};

use anyhow::{Context, Result};
use bench_protocol::payload::{Payload, PayloadKind, PayloadVisitor};
use bench_protocol::producer::lend_constant;
use bench_protocol::wire;

use crate::pull::Pull;

/// The first argument of a producer process.
const ARGUMENT: &str = "--frames";
/// Bytes that either side gathers before it asks the system.
pub const BUFFER: usize = 64 << 10;

/// The consumer's end. Dropping it ends the producer.
pub struct Frames {
    socket: Option<BufReader<UnixStream>>,
    producer: Child,
    /// Whether the producer was told that it is awaited; until then it does not
    /// run ahead.
    started: bool,
    frame: Vec<u8>,
}

impl Frames {
    /// Starts a producer process of `items` items from the running executable, and
    /// waits until it is there; it waits for the first drain.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn open(kind: PayloadKind, bytes: u32, items: u64) -> Result<Self> {
        let (mut ours, theirs) = UnixStream::pair().context("a socket pair")?;
        let producer = Command::new(std::env::current_exe()?)
            .arg(ARGUMENT)
            .args([
                (kind as u32).to_string(),
                bytes.to_string(),
                items.to_string(),
            ])
            .stdin(Stdio::null())
            .stdout(OwnedFd::from(theirs))
            .spawn()
            .context("starting the producer's process")?;
        ours.read_exact(&mut [0])
            .context("the producer ended before it began")?;
        Ok(Self {
            socket: Some(BufReader::with_capacity(BUFFER, ours)),
            producer,
            started: false,
            frame: Vec::new(),
        })
    }
}

impl<P: Payload> Pull<P> for Frames {
    fn drain(&mut self, items: u64, mut consume: impl FnMut(P::Owned)) -> Result<()> {
        let socket = self
            .socket
            .as_mut()
            .context("it is there until it is dropped")?;
        if !self.started {
            socket
                .get_mut()
                .write_all(&[1])
                .context("the producer is gone")?;
            self.started = true;
        }
        for _ in 0..items {
            let mut length = [0; 4];
            socket
                .read_exact(&mut length)
                .context("the stream ended too soon")?;
            self.frame.resize(u32::from_le_bytes(length) as usize, 0);
            socket
                .read_exact(&mut self.frame)
                .context("the stream ended too soon")?;
            consume(wire::deserialize(&self.frame)?);
        }
        Ok(())
    }
}

impl Drop for Frames {
    fn drop(&mut self) {
        // The producer's next write fails then, and it ends.
        self.socket = None;
        let _ = self.producer.wait();
    }
}

/// Produces, if this process was started for it.
pub fn serve() -> Option<ExitCode> {
    let mut arguments = std::env::args().skip(1);
    if arguments.next()? != ARGUMENT {
        return None;
    }
    let mut number = || arguments.next()?.parse::<u64>().ok();
    let (kind, bytes, items) = (number()?, number()?, number()?);
    let kind = PayloadKind::from_number(u32::try_from(kind).ok()?)?;
    // The consumer hangs up when it has had enough: that is no failure.
    let _ = kind.dispatch(Produce {
        bytes: u32::try_from(bytes).ok()?,
        items,
    });
    Some(ExitCode::SUCCESS)
}

struct Produce {
    bytes: u32,
    items: u64,
}

impl PayloadVisitor for Produce {
    type Output = Result<()>;
    fn visit<P: Payload>(self) -> Result<()> {
        let stdout = std::os::fd::AsFd::as_fd(&std::io::stdout()).try_clone_to_owned()?;
        let mut socket = UnixStream::from(stdout);
        // It is there; how long that took is nobody's item.
        socket.write_all(&[1])?;
        socket.read_exact(&mut [0])?;
        let mut socket = BufWriter::with_capacity(BUFFER, socket);
        let mut frame = Vec::new();
        for (item, _) in lend_constant::<P>(self.bytes).zip(0..self.items) {
            let length = wire::serialized_size(&item)? as usize;
            frame.resize(length, 0);
            wire::serialize_into(&mut frame, &item)?;
            socket.write_all(&u32::try_from(length)?.to_le_bytes())?;
            socket.write_all(&frame)?;
        }
        Ok(socket.flush()?)
    }
}
