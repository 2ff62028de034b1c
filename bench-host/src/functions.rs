//! Runs the benchmark functions that a library exports with `paired_bench::bench!`.

use core::ffi::c_void;
use std::path::{Path, PathBuf};

use paired_bench::{DONE, Function, MAGIC, SYMBOL, Table, VERSION};

use crate::loader::{LoadError, MOST, table_of};

/// Bytes of a name at most: what states more is damaged.
const LONGEST: usize = 1024;

/// The functions of a loaded library. It is never unloaded.
#[derive(Debug, Clone)]
pub struct Functions {
    path: PathBuf,
    table: &'static Table,
    functions: &'static [Function],
    names: Vec<String>,
}

/// A function did not do what it was asked for.
#[derive(Debug, thiserror::Error)]
pub enum FunctionError {
    /// Its set-up panicked.
    #[error("{name}: its set-up panicked")]
    NotSetUp {
        /// The function.
        name: String,
    },
    /// The closure panicked.
    #[error("{name}: it panicked")]
    Panicked {
        /// The function.
        name: String,
    },
}

impl Functions {
    /// Loads a library of functions. This runs the library's initialisers: load only libraries
    /// that you trust.
    ///
    /// # Errors
    /// If the file is not a whole library, or not one of this contract.
    pub fn load(path: &Path) -> Result<Self, LoadError> {
        let (path, table) = table_of::<Table>(path, SYMBOL)?;
        if table.is_null() {
            return Err(LoadError::NullTable { path });
        }
        // SAFETY: the library returned it as its table, and stays loaded. Magic and version are
        // read first: they are the same in every version.
        let table = unsafe { &*table };
        if table.magic != MAGIC {
            return Err(LoadError::Magic {
                path,
                found: table.magic,
                expected: MAGIC,
            });
        }
        if table.version != VERSION {
            return Err(LoadError::Version {
                path,
                found: table.version,
                expected: VERSION,
            });
        }
        if table.functions.is_null() || table.count > MOST {
            return Err(LoadError::NullTable { path });
        }
        // SAFETY: `Table::new` took both from a static slice of the loaded library.
        let functions = unsafe { std::slice::from_raw_parts(table.functions, table.count) };
        let mut names = Vec::with_capacity(functions.len());
        for function in functions {
            if function.name.is_null() || function.name_len > LONGEST {
                return Err(LoadError::NullTable { path });
            }
            // SAFETY: `Function::new` took both from a static text of the loaded library.
            let name = unsafe { std::slice::from_raw_parts(function.name, function.name_len) };
            names.push(String::from_utf8_lossy(name).into_owned());
        }
        Ok(Self {
            path,
            table,
            functions,
            names,
        })
    }

    /// Names of the functions, in the order of the library.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Whether the library was built with debug assertions.
    #[must_use]
    pub fn is_debug(&self) -> bool {
        self.table.debug != 0
    }

    /// Sets a function up.
    ///
    /// # Errors
    /// If there is none of this name, or its set-up panics.
    pub fn open(&self, name: &str) -> Result<Opened, OpenError> {
        let Some(index) = self.names.iter().position(|known| known == name) else {
            return Err(OpenError::Unnamed(LoadError::Unnamed {
                path: self.path.clone(),
                why: format!(
                    "no function is called {name}; there is {}",
                    self.names.join(", ")
                ),
            }));
        };
        let function = &self.functions[index];
        let name = name.to_owned();
        let state = (function.open)();
        if state.is_null() {
            return Err(FunctionError::NotSetUp { name }.into());
        }
        Ok(Opened {
            function,
            state,
            name,
        })
    }
}

/// Why a function could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// There is none of this name.
    #[error(transparent)]
    Unnamed(LoadError),
    /// Its set-up failed.
    #[error(transparent)]
    Failed(#[from] FunctionError),
}

/// A function that is set up. Dropping it frees its state.
#[derive(Debug)]
pub struct Opened {
    function: &'static Function,
    state: *mut c_void,
    name: String,
}

impl Opened {
    /// Does so many units of work. Never inlined: what counts instructions knows it by name.
    ///
    /// # Errors
    /// If the function panics.
    #[inline(never)]
    pub fn run(&mut self, units: u64) -> Result<(), FunctionError> {
        // SAFETY: the state is that of this function, and this value alone uses it.
        match unsafe { (self.function.run)(self.state, units) } {
            DONE => Ok(()),
            _ => Err(FunctionError::Panicked {
                name: self.name.clone(),
            }),
        }
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        // SAFETY: the state is that of this function, and this is its last use.
        unsafe { (self.function.close)(self.state) }
    }
}
