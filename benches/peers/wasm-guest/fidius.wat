;; A component as Fidius' macros make it of the interface `Owned`: five methods, each of which
;; gives out a stream as a resource with a method `next`.
;;
;; `src/peer/fidius_wasm.rs` puts numbers and bytes in the place of the words in braces. {image} is
;; what ../src/peer/image.rs prepares: 256 entries from address 0, 48 bytes each, and what they
;; point to. They have one payload, so that only its method makes sense.
;;
;; Like a compiled guest, it copies every item into memory of its own before it answers, and gives
;; that back when the host has read it. It does so without an allocator: a pointer moves on, and
;; back.
(component
  (component $plugin
    (type $plugin-error' (record
      (field "code" string) (field "message" string) (field "details" (option string))))
    (export $plugin-error "plugin-error" (type $plugin-error'))
    (type $owned-record' (record
      (field "id" u64) (field "timestamp-us" s64)
      (field "message" string) (field "tags" (list string))))
    (export $owned-record "owned-record" (type $owned-record'))
    (type $u64-stream' (resource (rep i32)))
    (export $u64-stream "u64-stream" (type $u64-stream'))
    (type $record-stream' (resource (rep i32)))
    (export $record-stream "record-stream" (type $record-stream'))
    (type $bytes-stream' (resource (rep i32)))
    (export $bytes-stream "bytes-stream" (type $bytes-stream'))
    (type $blob-stream' (resource (rep i32)))
    (export $blob-stream "blob-stream" (type $blob-stream'))
    (type $f64s-stream' (resource (rep i32)))
    (export $f64s-stream "f64s-stream" (type $f64s-stream'))

    (core func $new-u64 (canon resource.new $u64-stream'))
    (core func $new-record (canon resource.new $record-stream'))
    (core func $new-bytes (canon resource.new $bytes-stream'))
    (core func $new-blob (canon resource.new $blob-stream'))
    (core func $new-f64s (canon resource.new $f64s-stream'))

    (core module $code
      (import "new" "u64" (func $new-u64 (param i32) (result i32)))
      (import "new" "record" (func $new-record (param i32) (result i32)))
      (import "new" "bytes" (func $new-bytes (param i32) (result i32)))
      (import "new" "blob" (func $new-blob (param i32) (result i32)))
      (import "new" "f64s" (func $new-f64s (param i32) (result i32)))
      (memory (export "memory") {pages})
      (data (i32.const 0) "{image}")
      ;; Where `next` writes its answer, and from where on copies are made.
      (global $area i32 (i32.const {area}))
      (global $heap i32 (i32.const {heap}))
      (global $top (mut i32) (i32.const {heap}))
      ;; Items that are left, and the entry of the next.
      (global $left (mut i64) (i64.const 0))
      (global $next (mut i32) (i32.const 0))

      (func (export "hash") (result i64) (i64.const {hash}))
      ;; An interface without a configuration ignores it.
      (func (export "configure") (param i32 i32))

      (func $fresh (param $len i32) (result i32)
        (local $at i32)
        (local.set $at (global.get $top))
        (global.set $top (i32.and
          (i32.add (i32.add (local.get $at) (local.get $len)) (i32.const 7)) (i32.const -8)))
        (local.get $at))
      (func (export "realloc") (param i32 i32 i32 i32) (result i32)
        (call $fresh (local.get 3)))
      ;; The host has read the answer.
      (func (export "free") (param i32)
        (global.set $top (global.get $heap)))

      ;; A stream of so many items, of as many content bytes as the entries have.
      (func $start (param $items i64) (param $bytes i32)
        (if (i32.ne (local.get $bytes) (i32.const {bytes})) (then unreachable))
        (global.set $left (local.get $items)))
      (func (export "u64") (param i64 i32) (result i32)
        (call $start (local.get 0) (local.get 1)) (call $new-u64 (i32.const 0)))
      (func (export "record") (param i64 i32) (result i32)
        (call $start (local.get 0) (local.get 1)) (call $new-record (i32.const 0)))
      (func (export "bytes") (param i64 i32) (result i32)
        (call $start (local.get 0) (local.get 1)) (call $new-bytes (i32.const 0)))
      (func (export "blob") (param i64 i32) (result i32)
        (call $start (local.get 0) (local.get 1)) (call $new-blob (i32.const 0)))
      (func (export "f64s") (param i64 i32) (result i32)
        (call $start (local.get 0) (local.get 1)) (call $new-f64s (i32.const 0)))

      ;; Answers OK, and at `$at` whether there is one more item.
      (func $more (param $at i32) (result i32)
        (i32.store8 (global.get $area) (i32.const 0))
        (if (i64.eqz (global.get $left))
          (then (i32.store8 (local.get $at) (i32.const 0)) (return (i32.const 0))))
        (global.set $left (i64.sub (global.get $left) (i64.const 1)))
        (i32.store8 (local.get $at) (i32.const 1))
        (i32.const 1))
      ;; The address of the next entry; moves on.
      (func $entry (result i32)
        (local $at i32)
        (local.set $at (i32.mul (global.get $next) (i32.const 48)))
        (global.set $next (i32.and (i32.add (global.get $next) (i32.const 1)) (i32.const 255)))
        (local.get $at))
      ;; Copies what the address and the length at `$from` say, and writes the copy's to `$to`,
      ;; the length in elements of 1 << `$shift` bytes.
      (func $copy (param $to i32) (param $from i32) (param $shift i32)
        (local $at i32) (local $len i32)
        (local.set $len (i32.load offset=4 (local.get $from)))
        (local.set $at (call $fresh (local.get $len)))
        (memory.copy (local.get $at) (i32.load (local.get $from)) (local.get $len))
        (i32.store (local.get $to) (local.get $at))
        (i32.store offset=4 (local.get $to) (i32.shr_u (local.get $len) (local.get $shift))))

      (func (export "next-u64") (param i32) (result i32)
        (if (call $more (i32.add (global.get $area) (i32.const 8)))
          (then (i64.store offset=16 (global.get $area) (i64.load (call $entry)))))
        (global.get $area))
      (func $list (param $shift i32) (result i32)
        (if (call $more (i32.add (global.get $area) (i32.const 4)))
          (then (call $copy
            (i32.add (global.get $area) (i32.const 8))
            (i32.add (call $entry) (i32.const 16))
            (local.get $shift))))
        (global.get $area))
      (func (export "next-bytes") (param i32) (result i32) (call $list (i32.const 0)))
      (func (export "next-f64s") (param i32) (result i32) (call $list (i32.const 3)))
      (func (export "next-record") (param i32) (result i32)
        (local $entry i32) (local $tags i32) (local $tag i32)
        (if (call $more (i32.add (global.get $area) (i32.const 8)))
          (then
            (local.set $entry (call $entry))
            (i64.store offset=16 (global.get $area) (i64.load (local.get $entry)))
            (i64.store offset=24 (global.get $area) (i64.load offset=8 (local.get $entry)))
            (call $copy
              (i32.add (global.get $area) (i32.const 32))
              (i32.add (local.get $entry) (i32.const 16))
              (i32.const 0))
            (local.set $tags (call $fresh (i32.const 24)))
            (i32.store offset=40 (global.get $area) (local.get $tags))
            (i32.store offset=44 (global.get $area) (i32.const 3))
            (loop $each
              (call $copy
                (i32.add (local.get $tags) (local.get $tag))
                (i32.add (i32.add (local.get $entry) (i32.const 24)) (local.get $tag))
                (i32.const 0))
              (local.set $tag (i32.add (local.get $tag) (i32.const 8)))
              (br_if $each (i32.lt_u (local.get $tag) (i32.const 24))))))
        (global.get $area)))

    (core instance $guest (instantiate $code
      (with "new" (instance
        (export "u64" (func $new-u64))
        (export "record" (func $new-record))
        (export "bytes" (func $new-bytes))
        (export "blob" (func $new-blob))
        (export "f64s" (func $new-f64s))))))

    (func (export "fidius-interface-hash") (result u64)
      (canon lift (core func $guest "hash")))
    (func (export "fidius-configure") (param "config" (list u8))
      (canon lift (core func $guest "configure")
        (memory (core memory $guest "memory")) (realloc (core func $guest "realloc"))))

    (func (export "u64") (param "items" u64) (param "bytes" u32) (result (own $u64-stream))
      (canon lift (core func $guest "u64")))
    (func (export "record") (param "items" u64) (param "bytes" u32) (result (own $record-stream))
      (canon lift (core func $guest "record")))
    (func (export "bytes") (param "items" u64) (param "bytes" u32) (result (own $bytes-stream))
      (canon lift (core func $guest "bytes")))
    (func (export "blob") (param "items" u64) (param "bytes" u32) (result (own $blob-stream))
      (canon lift (core func $guest "blob")))
    (func (export "f64s") (param "items" u64) (param "bytes" u32) (result (own $f64s-stream))
      (canon lift (core func $guest "f64s")))

    (func (export "[method]u64-stream.next")
      (param "self" (borrow $u64-stream))
      (result (result (option u64) (error $plugin-error)))
      (canon lift (core func $guest "next-u64")
        (memory (core memory $guest "memory")) (post-return (core func $guest "free"))))
    (func (export "[method]record-stream.next")
      (param "self" (borrow $record-stream))
      (result (result (option $owned-record) (error $plugin-error)))
      (canon lift (core func $guest "next-record")
        (memory (core memory $guest "memory")) (post-return (core func $guest "free"))))
    (func (export "[method]bytes-stream.next")
      (param "self" (borrow $bytes-stream))
      (result (result (option (list u8)) (error $plugin-error)))
      (canon lift (core func $guest "next-bytes")
        (memory (core memory $guest "memory")) (post-return (core func $guest "free"))))
    (func (export "[method]blob-stream.next")
      (param "self" (borrow $blob-stream))
      (result (result (option (list u8)) (error $plugin-error)))
      (canon lift (core func $guest "next-bytes")
        (memory (core memory $guest "memory")) (post-return (core func $guest "free"))))
    (func (export "[method]f64s-stream.next")
      (param "self" (borrow $f64s-stream))
      (result (result (option (list f64)) (error $plugin-error)))
      (canon lift (core func $guest "next-f64s")
        (memory (core memory $guest "memory")) (post-return (core func $guest "free")))))

  (instance $owned (instantiate $plugin))
  (export "fidius:owned/owned@0.1.0" (instance $owned)))
