//! Foreign guests that export our own table of functions.

use anyhow::{Context, Result};
use bench_host::pair::Pair;
use bench_host::{loader, streams};
use bench_protocol::payload::PayloadKind;
use bench_protocol::size_plan::SizePlan;
use bench_protocol::spec::{Observe, SEED};
use serde::{Deserialize, Serialize};

use super::{Guest, OpenStream, Target};

/// What to ask of a guest that offers more than one stream; a guest may ignore
/// it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Request {
    pub payload: String,
    /// Content bytes of an item.
    pub bytes: u32,
    pub seed: u64,
    /// The stream of this name, of a guest that gives its streams names.
    #[serde(default)]
    pub stream: Option<String>,
}

impl Default for Request {
    fn default() -> Self {
        Self {
            payload: PayloadKind::U64.name().to_owned(),
            bytes: 8,
            seed: SEED,
            stream: None,
        }
    }
}

struct Table {
    pair: Pair,
    target: Target,
    request: Request,
}

pub fn load(target: &Target) -> Result<Box<dyn Guest>> {
    let request: Request =
        serde_json::from_value(target.request.clone()).context("reading the request")?;
    let pair = Pair {
        guest: match &request.stream {
            Some(name) => streams::stream(&target.library, name)?,
            None => loader::guest(&target.library)?,
        },
        host: match &target.host {
            Some(host) => loader::host(host)?,
            None => loader::own_host(),
        },
    };
    Ok(Box::new(Table {
        pair,
        target: target.clone(),
        request,
    }))
}

impl Guest for Table {
    fn open(&self, observe: Observe) -> Result<Box<dyn OpenStream>> {
        let Request {
            payload,
            bytes,
            seed,
            ..
        } = &self.request;
        let kind = PayloadKind::ALL
            .into_iter()
            .find(|kind| kind.name() == payload);
        let mut config = self.target.session(observe);
        config.stream.payload = kind.with_context(|| {
            let names = PayloadKind::ALL.map(PayloadKind::name).join(", ");
            format!("no payload `{payload}`; there is {names}")
        })?;
        config.stream.sizes = SizePlan::Constant { bytes: *bytes }.table(*seed)?;
        config.stream.seed = *seed;
        Ok(Box::new(self.pair.open(&config)?))
    }
}
