/* SPDX-License-Identifier: Apache-2.0 */
/* Sockets by long paths, and descriptors that travel. */
#include <check.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/sock.h"

START_TEST(one_descriptor_travels)
{
	int s[2], pipe_fds[2], got = -1;
	char data[8] = "";

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, s), 0);
	ck_assert_int_eq(pipe(pipe_fds), 0);
	ck_assert_int_eq(sock_send_fd(s[0], pipe_fds[1], "pty", 3), 0);
	ck_assert_int_eq(sock_recv_fd(s[1], data, sizeof(data), &got), 3);
	ck_assert_str_eq(data, "pty");
	ck_assert_int_ge(got, 0);
	ck_assert_int_eq(fcntl(got, F_GETFD), FD_CLOEXEC);
	ck_assert_int_eq(write(got, "x", 1), 1);
	ck_assert_int_eq(read(pipe_fds[0], data, 1), 1);
	close(got);
	ck_assert_int_eq(sock_send_fd(s[0], -1, "no", 2), 0);
	ck_assert_int_eq(sock_recv_fd(s[1], data, sizeof(data), &got), 2);
	ck_assert_int_eq(got, -1);
	close(s[0]);
	ck_assert_int_eq(sock_recv_fd(s[1], data, sizeof(data), &got), 0);
	ck_assert_int_eq(sock_send_fd(s[1], -1, "no", 2), -EPIPE);
	close(s[1]);
	close(pipe_fds[0]);
	close(pipe_fds[1]);
}
END_TEST

START_TEST(long_paths_work)
{
	char dir[] = "/tmp/ocirun-sock-......", deep[300];
	_cleanup_close_ int root = -1, listener = -1, client = -1, other = -1;
	struct stat st;

	memset(dir + sizeof(dir) - 7, 'X', 6);
	ck_assert_ptr_nonnull(mkdtemp(dir));
	root = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	memset(deep, 'd', 200);
	deep[200] = '\0';
	ck_assert_int_eq(mkdirat(root, deep, 0700), 0);
	snprintf(deep + 200, sizeof(deep) - 200, "/start");
	ck_assert_int_eq(sock_listen(root, deep, SOCK_STREAM, 0600, &listener), 0);
	ck_assert_int_eq(fstatat(root, deep, &st, 0), 0);
	ck_assert_int_eq(st.st_mode & 07777, 0600);
	ck_assert_int_eq(sock_connect(root, deep, SOCK_STREAM, &client), 0);
	other = accept(listener, NULL, NULL);
	ck_assert_int_ge(other, 0);
	ck_assert_int_eq(unlinkat(root, deep, 0), 0);
	close_fd(&client);
	ck_assert_int_eq(sock_connect(root, deep, SOCK_STREAM, &client), -ENOENT);
	deep[200] = '\0';
	ck_assert_int_eq(unlinkat(root, deep, AT_REMOVEDIR), 0);
	ck_assert_int_eq(rmdir(dir), 0);
}
END_TEST

TCase *tcase_base_sock(void)
{
	TCase *t = tcase_create("sock");

	tcase_add_test(t, one_descriptor_travels);
	tcase_add_test(t, long_paths_work);
	return t;
}
