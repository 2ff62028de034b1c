//! How the streams of a package's plugins are called, as the command line says it.

use std::path::PathBuf;

use anyhow::Result;
use arena_bench::subject::framework::Calling;
use serde_json::Value;

/// Where the help of a verb lists these options.
const HEADING: &str = "Fidius plugins";

/// How the streams of the plugins are called.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct CallingOptions {
    /// Arguments of a method, a JSON array; once for each method that takes some. In
    /// bench.toml: args of the subject.
    #[arg(long, value_name = "METHOD=JSON", value_parser = args, help_heading = HEADING)]
    args: Vec<(String, Value)>,
    /// Rust file that declares the plugin's `#[plugin_interface]` trait, where it is in no
    /// package that this one depends on by a path.
    #[arg(long, value_name = "FILE", help_heading = HEADING)]
    interface: Option<PathBuf>,
}

fn args(text: &str) -> Result<(String, Value), String> {
    let wanted = || "METHOD=JSON, such as 'tick=[100000]'".to_owned();
    let (method, json) = text.split_once('=').ok_or_else(wanted)?;
    let value: Value = serde_json::from_str(json).map_err(|error| error.to_string())?;
    match value.is_array() && !method.is_empty() {
        true => Ok((method.to_owned(), value)),
        false => Err(wanted()),
    }
}

impl CallingOptions {
    /// What was said.
    ///
    /// # Errors
    /// When there is no current folder for a path to be in.
    pub fn calling(&self) -> Result<Calling> {
        let interface = self.interface.as_ref().map(std::path::absolute);
        Ok(Calling {
            args: self.args.iter().cloned().collect(),
            interface: interface.transpose()?,
            ..Calling::default()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_a_json_array_behind_the_name_of_their_method() {
        let given = args("tick=[1, \"a=b\"]");
        assert_eq!(
            given,
            Ok(("tick".to_owned(), serde_json::json!([1, "a=b"])))
        );
        for wrong in ["tick", "=[1]", "tick=1", "tick=[1"] {
            assert!(args(wrong).is_err(), "{wrong}");
        }
    }
}
