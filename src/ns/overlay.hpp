#pragma once

#include "sys/files/directory.hpp"

namespace nslaunch::ns {

/// The directories that overlayfs combines into one view; O_PATH descriptors, opened in this mount namespace.
struct OverlayLayers {
  int lower;  ///< is read, never written
  int upper;  ///< receives the changes: an empty directory
  int work;   ///< for overlayfs alone: an empty directory on the same mount as `upper`, outside of it
};

/// What `upper` holds afterwards.
enum class Changes {
  kPass,  ///< is useless without `lower`
  kKept,  ///< makes sense by itself; a directory is renamed by copying it (K36)
};

/// Gives an upper layer the owner, if possible, and the mode of the directory that it will cover: the top of
/// the view shows those. Throws Error.
void make_alike(const sys::Directory& upper, const sys::Directory& lower);

/// The same for one that stays, and so has the access control lists, too; without those it is its owner's
/// alone.
void make_alike_for_good(const sys::Directory& upper, const sys::Directory& lower);

/// A view of `lower` in which every change goes to `upper`, not attached yet (attach()); mounts below `lower`
/// are not in it. It accesses its layers with its creator's current rights (K57). Throws Error.
sys::Fd make_view(const OverlayLayers& layers, Changes changes);

}  // namespace nslaunch::ns
