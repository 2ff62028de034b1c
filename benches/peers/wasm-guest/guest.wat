;; A WebAssembly guest: it encodes prepared items into its own memory, one a
;; call, in the wire format of every other guest.
;;
;; The host prepares 256 entries from address 0, 48 bytes each:
;;    0  i64  the number, or a record's id
;;    8  i64  a record's timestamp
;;   16  i32  address and 20 i32 length of the contents, or of the message
;;   24  three times (i32 address, i32 length): a record's tags
;; `next_*` encodes the next entry at `out` and answers its length.
(module
  (memory (export "memory") 1)
  ;; Where items are encoded.
  (global $out (export "out") (mut i32) (i32.const 0))
  ;; The entry to encode next.
  (global $next (mut i32) (i32.const 0))

  ;; The address of the next entry; moves on.
  (func $entry (result i32)
    (local $at i32)
    (local.set $at (i32.mul (global.get $next) (i32.const 48)))
    (global.set $next (i32.and (i32.add (global.get $next) (i32.const 1)) (i32.const 255)))
    (local.get $at))

  ;; Writes a 64-bit length and that many bytes from `from`; answers the end.
  (func $slice (param $to i32) (param $from i32) (param $len i32) (result i32)
    (i64.store (local.get $to) (i64.extend_i32_u (local.get $len)))
    (memory.copy
      (i32.add (local.get $to) (i32.const 8)) (local.get $from) (local.get $len))
    (i32.add (i32.add (local.get $to) (i32.const 8)) (local.get $len)))

  (func (export "next_u64") (result i32)
    (i64.store (global.get $out) (i64.load (call $entry)))
    (i32.const 8))

  ;; Element by element, as a sequence is encoded.
  (func (export "next_bytes") (result i32)
    (local $entry i32) (local $from i32) (local $len i32) (local $to i32) (local $k i32)
    (local.set $entry (call $entry))
    (local.set $from (i32.load offset=16 (local.get $entry)))
    (local.set $len (i32.load offset=20 (local.get $entry)))
    (i64.store (global.get $out) (i64.extend_i32_u (local.get $len)))
    (local.set $to (i32.add (global.get $out) (i32.const 8)))
    (block $done
      (loop $each
        (br_if $done (i32.ge_u (local.get $k) (local.get $len)))
        (i32.store8
          (i32.add (local.get $to) (local.get $k))
          (i32.load8_u (i32.add (local.get $from) (local.get $k))))
        (local.set $k (i32.add (local.get $k) (i32.const 1)))
        (br $each)))
    (i32.add (i32.const 8) (local.get $len)))

  (func (export "next_blob") (result i32)
    (local $entry i32)
    (local.set $entry (call $entry))
    (i32.sub
      (call $slice (global.get $out)
        (i32.load offset=16 (local.get $entry)) (i32.load offset=20 (local.get $entry)))
      (global.get $out)))

  (func (export "next_f64s") (result i32)
    (local $entry i32) (local $from i32) (local $len i32) (local $to i32) (local $k i32)
    (local.set $entry (call $entry))
    (local.set $from (i32.load offset=16 (local.get $entry)))
    (local.set $len (i32.load offset=20 (local.get $entry)))
    (i64.store (global.get $out)
      (i64.extend_i32_u (i32.shr_u (local.get $len) (i32.const 3))))
    (local.set $to (i32.add (global.get $out) (i32.const 8)))
    (block $done
      (loop $each
        (br_if $done (i32.ge_u (local.get $k) (local.get $len)))
        (f64.store
          (i32.add (local.get $to) (local.get $k))
          (f64.load (i32.add (local.get $from) (local.get $k))))
        (local.set $k (i32.add (local.get $k) (i32.const 8)))
        (br $each)))
    (i32.add (i32.const 8) (local.get $len)))

  (func (export "next_record") (result i32)
    (local $entry i32) (local $to i32) (local $tag i32)
    (local.set $entry (call $entry))
    (i64.store (global.get $out) (i64.load (local.get $entry)))
    (i64.store offset=8 (global.get $out) (i64.load offset=8 (local.get $entry)))
    (local.set $to
      (call $slice (i32.add (global.get $out) (i32.const 16))
        (i32.load offset=16 (local.get $entry)) (i32.load offset=20 (local.get $entry))))
    (i64.store (local.get $to) (i64.const 3))
    (local.set $to (i32.add (local.get $to) (i32.const 8)))
    (loop $each
      (local.set $to
        (call $slice (local.get $to)
          (i32.load offset=24 (i32.add (local.get $entry) (local.get $tag)))
          (i32.load offset=28 (i32.add (local.get $entry) (local.get $tag)))))
      (local.set $tag (i32.add (local.get $tag) (i32.const 8)))
      (br_if $each (i32.lt_u (local.get $tag) (i32.const 24))))
    (i32.sub (local.get $to) (global.get $out))))
