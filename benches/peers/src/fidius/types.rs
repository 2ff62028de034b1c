//! The types of arguments, as far as their text can be checked against them.

use std::fmt;

use quote::ToTokens;
use syn::{Expr, GenericArgument, Lit, PathArguments, Type};

/// The type of an argument.
#[derive(Debug, Clone, PartialEq)]
pub enum ArgumentType {
    /// A number, `bool` or `char`, by its name.
    Scalar(&'static str),
    /// `String` or `&str`.
    Text,
    /// `Option<_>`.
    Option(Box<ArgumentType>),
    /// `Vec<_>`.
    List(Box<ArgumentType>),
    /// A tuple or an array: so many values, one after another.
    Fields(Vec<ArgumentType>),
    /// A type whose encoding nobody knows here: its declaration may be anywhere.
    Unknown(String),
}

/// The scalars, by the names that an argument's text can use.
const SCALARS: [&str; 14] = [
    "bool", "char", "u8", "u16", "u32", "u64", "usize", "i8", "i16", "i32", "i64", "isize", "f32",
    "f64",
];

/// The longest array that is taken apart.
const LONGEST: usize = 1024;

impl ArgumentType {
    /// The type that a source declares.
    pub fn of(declared: &Type) -> Self {
        Self::known(declared)
            .unwrap_or_else(|| Self::Unknown(declared.to_token_stream().to_string()))
    }

    fn known(declared: &Type) -> Option<Self> {
        match declared {
            Type::Reference(reference) => Self::known(&reference.elem),
            Type::Paren(inner) => Self::known(&inner.elem),
            Type::Tuple(tuple) => Some(Self::Fields(tuple.elems.iter().map(Self::of).collect())),
            Type::Array(array) => {
                let Expr::Lit(length) = &array.len else {
                    return None;
                };
                let Lit::Int(length) = &length.lit else {
                    return None;
                };
                let length: usize = length.base10_parse().ok().filter(|it| *it <= LONGEST)?;
                Some(Self::Fields(vec![Self::of(&array.elem); length]))
            }
            Type::Path(path) => {
                let last = path.path.segments.last()?;
                let name = last.ident.to_string();
                if let Some(scalar) = SCALARS.into_iter().find(|scalar| *scalar == name) {
                    return Some(Self::Scalar(scalar));
                }
                let inner = || match &last.arguments {
                    PathArguments::AngleBracketed(arguments) => match arguments.args.first()? {
                        GenericArgument::Type(inner) => Some(Box::new(Self::of(inner))),
                        _ => None,
                    },
                    _ => None,
                };
                match name.as_str() {
                    "String" | "str" => Some(Self::Text),
                    "Vec" => inner().map(Self::List),
                    "Option" => inner().map(Self::Option),
                    "Box" => inner().map(|inner| *inner),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// Whether a value that names its type as `named` has this one's encoding.
    pub fn is_named(&self, named: &str) -> bool {
        match self {
            Self::Scalar(name) => {
                let wide = |name: &str| match name {
                    "usize" => "u64".to_owned(),
                    "isize" => "i64".to_owned(),
                    name => name.to_owned(),
                };
                wide(name) == wide(named)
            }
            Self::Text => named == "str",
            Self::Option(_) => named == "some",
            Self::List(_) => named == "list",
            Self::Fields(_) => named == "fields",
            Self::Unknown(_) => true,
        }
    }
}

/// The types of arguments as a signature has them.
pub fn signature(arguments: &[ArgumentType]) -> String {
    let types: Vec<String> = arguments.iter().map(ToString::to_string).collect();
    format!("({})", types.join(", "))
}

impl fmt::Display for ArgumentType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Scalar(name) => f.write_str(name),
            Self::Text => f.write_str("String"),
            Self::Option(inner) => write!(f, "Option<{inner}>"),
            Self::List(inner) => write!(f, "Vec<{inner}>"),
            Self::Fields(fields) => f.write_str(&signature(fields)),
            Self::Unknown(text) => f.write_str(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_known_through_references_boxes_and_paths() {
        let of = |text| ArgumentType::of(&syn::parse_str(text).unwrap()).to_string();
        for (declared, known) in [
            ("&'static str", "String"),
            ("std::vec::Vec<Option<u16>>", "Vec<Option<u16>>"),
            ("Box<(u8, [bool; 2])>", "(u8, (bool, bool))"),
            ("HashMap<String, u8>", "HashMap < String , u8 >"),
        ] {
            assert_eq!(of(declared), known);
        }
    }
}
