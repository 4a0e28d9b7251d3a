/* SPDX-License-Identifier: MIT */
#define FUSE_USE_VERSION 314

#include "mount/library.h"

#include "base/log.h"

#include <dlfcn.h>
#include <errno.h>
#include <fuse3/fuse_lowlevel.h>
#include <stddef.h>
#include <stdio.h>

/* The library that belongs to the headers: its name changed with its binary interface. */
#if FUSE_VERSION >= FUSE_MAKE_VERSION(3, 17)
#define LIBRARY "libfuse3.so.4"
#define PACKAGE "libfuse3-4"
#else
#define LIBRARY "libfuse3.so.3"
#define PACKAGE "libfuse3-3"
#endif

/* Calls of these two become calls of others in the headers of newer versions. */
#if FUSE_VERSION >= FUSE_MAKE_VERSION(3, 17)
#define VERSIONED(F)                                                                                                   \
    F(struct fuse_session *, fuse_session_new_versioned,                                                               \
      (struct fuse_args * args, const struct fuse_lowlevel_ops *ops, size_t size, struct libfuse_version *version,     \
       void *data),                                                                                                    \
      (args, ops, size, version, data))                                                                                \
    F(int, fuse_session_custom_io_317,                                                                                 \
      (struct fuse_session * session, const struct fuse_custom_io *io, size_t size, int fd), (session, io, size, fd))
#else
#define VERSIONED(F)                                                                                                   \
    F(struct fuse_session *, fuse_session_new,                                                                         \
      (struct fuse_args * args, const struct fuse_lowlevel_ops *ops, size_t size, void *data),                         \
      (args, ops, size, data))                                                                                         \
    F(int, fuse_session_custom_io, (struct fuse_session * session, const struct fuse_custom_io *io, int fd),           \
      (session, io, fd))
#endif

/* The functions: F(what it returns, its name, its parameters, its arguments). */
#define FUNCTIONS(F)                                                                                                   \
    VERSIONED(F)                                                                                                       \
    F(size_t, fuse_add_direntry,                                                                                       \
      (fuse_req_t req, char *buf, size_t size, const char *name, const struct stat *st, off_t offset),                 \
      (req, buf, size, name, st, offset))                                                                              \
    F(size_t, fuse_add_direntry_plus,                                                                                  \
      (fuse_req_t req, char *buf, size_t size, const char *name, const struct fuse_entry_param *e, off_t offset),      \
      (req, buf, size, name, e, offset))                                                                               \
    F(int, fuse_lowlevel_notify_inval_entry,                                                                           \
      (struct fuse_session * session, fuse_ino_t parent, const char *name, size_t len), (session, parent, name, len))  \
    F(int, fuse_lowlevel_notify_inval_inode, (struct fuse_session * session, fuse_ino_t ino, off_t offset, off_t len), \
      (session, ino, offset, len))                                                                                     \
    F(int, fuse_lowlevel_notify_store,                                                                                 \
      (struct fuse_session * session, fuse_ino_t ino, off_t offset, struct fuse_bufvec * bufv,                         \
       enum fuse_buf_copy_flags flags),                                                                                \
      (session, ino, offset, bufv, flags))                                                                             \
    F(void, fuse_opt_free_args, (struct fuse_args * args), (args))                                                     \
    F(const char *, fuse_pkgversion, (void), ())                                                                       \
    F(int, fuse_reply_attr, (fuse_req_t req, const struct stat *attr, double attr_timeout), (req, attr, attr_timeout)) \
    F(int, fuse_reply_buf, (fuse_req_t req, const char *buf, size_t size), (req, buf, size))                           \
    F(int, fuse_reply_entry, (fuse_req_t req, const struct fuse_entry_param *e), (req, e))                             \
    F(int, fuse_reply_err, (fuse_req_t req, int error), (req, error))                                                  \
    F(void, fuse_reply_none, (fuse_req_t req), (req))                                                                  \
    F(int, fuse_reply_readlink, (fuse_req_t req, const char *link), (req, link))                                       \
    F(int, fuse_reply_statfs, (fuse_req_t req, const struct statvfs *st), (req, st))                                   \
    F(int, fuse_reply_write, (fuse_req_t req, size_t count), (req, count))                                             \
    F(int, fuse_reply_xattr, (fuse_req_t req, size_t count), (req, count))                                             \
    F(const struct fuse_ctx *, fuse_req_ctx, (fuse_req_t req), (req))                                                  \
    F(void, fuse_req_interrupt_func, (fuse_req_t req, fuse_interrupt_func_t func, void *data), (req, func, data))      \
    F(void *, fuse_req_userdata, (fuse_req_t req), (req))                                                              \
    F(void, fuse_session_destroy, (struct fuse_session * session), (session))                                          \
    F(int, fuse_session_exited, (struct fuse_session * session), (session))                                            \
    F(int, fuse_session_fd, (struct fuse_session * session), (session))                                                \
    F(int, fuse_session_mount, (struct fuse_session * session, const char *mountpoint), (session, mountpoint))         \
    F(void, fuse_session_process_buf, (struct fuse_session * session, const struct fuse_buf *buf), (session, buf))     \
    F(int, fuse_session_receive_buf, (struct fuse_session * session, struct fuse_buf * buf), (session, buf))           \
    F(void, fuse_session_unmount, (struct fuse_session * session), (session))                                          \
    F(void, fuse_set_log_func, (fuse_log_func_t func), (func))

/* A pointer to each function, and the function that calls it. */
#define DEFINE(type, name, parameters, arguments)                                                                      \
    static type(*loaded_##name) parameters;                                                                            \
    type name parameters                                                                                               \
    {                                                                                                                  \
        return loaded_##name arguments;                                                                                \
    }
FUNCTIONS(DEFINE)

#define ROW(type, name, parameters, arguments) {#name, (void **)&loaded_##name},

static const struct {
    const char *name;
    void **loaded;
} functions[] = {FUNCTIONS(ROW)};

/* Loads the library once. Returns NULL, or what is missing. */
static const char *load(void)
{
    static void *library;
    static char missing[256];
    if (library)
        return NULL;
    void *handle = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
    const char *error = handle ? NULL : dlerror();
    for (size_t i = 0; !error && i < sizeof functions / sizeof *functions; i++) {
        *functions[i].loaded = dlsym(handle, functions[i].name);
        error = *functions[i].loaded ? NULL : dlerror();
    }
    if (!error) {
        library = handle;
        return NULL;
    }
    snprintf(missing, sizeof missing, "%s", error);
    if (handle)
        dlclose(handle);
    return missing;
}

int library_load(void)
{
    const char *missing = load();
    if (missing)
        log_error("cannot mount without libfuse: %s; install it: apt install fuse3 " PACKAGE, missing);
    return missing ? -ENOENT : 0;
}

const char *library_version(void)
{
    return load() ? "not installed" : fuse_pkgversion();
}
