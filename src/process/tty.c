/* SPDX-License-Identifier: Apache-2.0 */
/* The container's terminal: a pty of its own devpts, made controlling, its master sent out.
 * Surprise: nothing here goes by the name /dev/pts/N. The slave comes from the master
 * (TIOCGPTPEER), and that the master is a pty at all is checked, because /dev may be anything the
 * image made. */
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#include "base/cleanup.h"
#include "base/sock.h"
#include "process/process.h"
#include "sys/inroot.h"

enum { UNIX98_SLAVE_FIRST = 136, UNIX98_SLAVE_LAST = 143 };

static int check_devpts(int fd, const char *what)
{
	struct statfs fs;
	if (fstatfs(fd, &fs) < 0)
		return err_sys("look at the container's \"%s\"", what);
	if (fs.f_type != DEVPTS_SUPER_MAGIC)
		return err_msg(ERR_CONFIG,
			       "/process/terminal: \"%s\" is not on a devpts: add it to /mounts",
			       what);
	return 0;
}

static int open_master(int root_fd, int *out)
{
	_cleanup_close_ int pts = inroot_open(root_fd, "dev/pts", O_PATH | O_DIRECTORY, 0);
	if (pts < 0)
		return err_sys("/process/terminal: open the container's \"/dev/pts\"");
	TRY(check_devpts(pts, "/dev/pts"));
	_cleanup_close_ int master =
		openat(pts, "ptmx", O_RDWR | O_NOCTTY | O_NOFOLLOW | O_CLOEXEC);
	if (master < 0)
		return err_sys("/process/terminal: open the container's \"/dev/pts/ptmx\"");
	TRY(check_devpts(master, "/dev/pts/ptmx"));
	*out = take_fd(&master);
	return 0;
}

static int open_slave(int master, int *out)
{
	int unlock = 0;
	struct stat st;
	if (ioctl(master, TIOCSPTLCK, &unlock) < 0)
		return err_sys("unlock the terminal");
	_cleanup_close_ int slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (slave < 0)
		return err_sys("open the slave of the terminal");
	if (fstat(slave, &st) < 0)
		return err_sys("look at the slave of the terminal");
	if (!S_ISCHR(st.st_mode) || major(st.st_rdev) < UNIX98_SLAVE_FIRST ||
	    major(st.st_rdev) > UNIX98_SLAVE_LAST)
		return err_msg(ERR_SYS, "the slave of the terminal is not a pty");
	*out = take_fd(&slave);
	return 0;
}

int tty_open_in_root(int root_fd, const struct process_plan *p, int *master, int *slave)
{
	_cleanup_close_ int m = -1, s = -1;
	TRY(open_master(root_fd, &m));
	TRY(open_slave(m, &s));
	if (fchown(s, p->uid, (gid_t)-1) < 0)
		return err_sys("give the terminal to uid %u", p->uid);
	if (p->has_box) {
		struct winsize ws = { .ws_row = p->rows, .ws_col = p->cols };
		if (ioctl(s, TIOCSWINSZ, &ws) < 0)
			return err_sys("/process/consoleSize: set %ux%u", p->cols, p->rows);
	}
	*master = take_fd(&m);
	*slave = take_fd(&s);
	return 0;
}

int tty_make_controlling(int slave)
{
	if (getsid(0) != getpid() && setsid() < 0)
		return err_sys("start a session");
	if (ioctl(slave, TIOCSCTTY, 0) < 0)
		return err_sys("make the terminal the controlling one");
	for (int fd = 0; fd <= 2; fd++)
		if (dup2(slave, fd) < 0)
			return err_sys("put the terminal on standard stream %d", fd);
	return 0;
}

int tty_send(int sock, int master)
{
	unsigned number = 0;
	char name[32];
	if (ioctl(master, TIOCGPTN, &number) < 0)
		return err_sys("ask for the number of the terminal");
	snprintf(name, sizeof(name), "/dev/pts/%u", number);
	return sock_send_fd(sock, master, name, strlen(name));
}

int tty_raw_on(int fd, struct tty_raw *raw)
{
	*raw = TTY_RAW_NONE;
	struct termios t;
	if (tcgetattr(fd, &t) < 0)
		return 0;
	struct termios saved = t;
	cfmakeraw(&t);
	t.c_oflag |= OPOST; /* our side adds the carriage returns; the container's side does not */
	if (tcsetattr(fd, TCSANOW, &t) < 0)
		return err_sys("put the terminal into raw mode");
	*raw = (struct tty_raw){ .fd = fd, .saved = saved };
	return 0;
}

void tty_raw_off(struct tty_raw *raw)
{
	if (raw->fd >= 0 && tcsetattr(raw->fd, TCSADRAIN, &raw->saved) < 0)
		err_dropped(err_sys("restore the terminal"));
	raw->fd = -1;
}

int tty_copy_winsize(int from, int to)
{
	struct winsize ws;
	if (ioctl(from, TIOCGWINSZ, &ws) < 0 || (!ws.ws_row && !ws.ws_col))
		return 0;
	if (ioctl(to, TIOCSWINSZ, &ws) < 0)
		return err_sys("set the window size of the terminal");
	return 0;
}
